# What the server understands of our requests, beside what it understands of curl's. Sourced by run.

understood() { # sorts the answer of /echo and /form, without what tells the client
    /usr/bin/python3 -c '
import json, sys
answer = json.load(sys.stdin)
ours = "user-agent", "accept", "connection", "expect"
answer["fields"] = sorted(f for f in answer.get("fields", []) if f[0] not in ours)
print(json.dumps(answer, indent=1, sort_keys=True))'
}
alike() { # ARGUMENT...: curl and wireline make the server understand the same
    curl -sS "$@" | understood >by-curl && "$wireline" http -q "$@" | understood >by-us && diff by-curl by-us
}
alike_decoded() { # ARGUMENT...: the same once decoded: curl writes a space as +, we as %20
    local tool
    for tool in "curl -sS" "$wireline http -q"; do
        $tool "$@" | /usr/bin/python3 -c 'import json, sys; told = json.load(sys.stdin); print(told["query"], told["form"])'
    done >told && [ "$(wc -l <told)" = 2 ] && [ "$(uniq told | wc -l)" = 1 ] || { cat told && return 1; }
}
alike_piped() { # ARGUMENT...: the same, with a file by a pipe on stdin
    curl -sS "$@" < <(cat odd) | understood >by-curl && "$wireline" http -q "$@" < <(cat odd) | understood >by-us &&
        diff by-curl by-us
}
if [ -z "$echo" ]; then
    skip "requests as curl's" "werkzeug is not installed"
else
    check "-d" alike -d name=value "$echo/echo"
    check "several -d" alike -d a=1 -d b=2 -d c "$echo/echo?q=1"
    check "-d @FILE drops line ends" alike -d @odd "$echo/echo"
    check "--data-binary @FILE keeps them" alike --data-binary @odd "$echo/echo"
    check "--data-raw @" alike --data-raw @odd "$echo/echo"
    for form in 'a b&c' '=a=b' 'name=ä/ö?~-_.' name@odd @odd; do
        check "--data-urlencode $form" alike_decoded --data-urlencode "$form" "$echo/echo"
    done
    check "-d @- from a pipe" alike_piped -d @- "$echo/echo"
    check "-G" alike_decoded -G -d a=1 --data-urlencode 'b=c d&e' "$echo/echo?q=1"
    check "-X" alike -X PURGE "$echo/echo"
    check "-X with a body" alike -X PATCH -d x "$echo/echo"
    check "-H adds" alike -H 'X-One: 1' -H 'X-One: 2' "$echo/echo"
    check "-H NAME; is empty" alike -H 'X-Empty;' "$echo/echo"
    check "-H NAME: leaves out" alike -H 'Host:' -H 'Host: other.test' "$echo/echo"
    check "-H Content-Type" alike -H 'Content-Type: text/csv' -d 1,2 "$echo/echo"
    check "-e" alike -e http://referrer.test/ "$echo/echo"
    check "-b NAME=VALUE" alike -b 'a=1; b=2' "$echo/echo"
    check "-r" alike -r 0-1 "$echo/echo"
    check "a path with dots" alike "$echo/a/./b/../c"
    check "--path-as-is" alike --path-as-is "$echo/a/./b/../c"
    check "a path with a query, percent and signs" alike "$echo/%7Euser/a%2Fb;x?q=%20+&r=1"
    check "-g" alike -g "$echo/echo?r=[1]"
    check "a fragment is not sent" alike "$echo/echo#part"
    check "-T FILE" alike -T odd "$echo/named"
    check "-T - in chunks" alike_piped -T - "$echo/named"
    check "-T FILE to a folder" alike -T odd "$echo/folder/"
    check "-T large" alike -T root/big "$echo/named"
    check "-T - large" sh -c "'$wireline' http -q -T - '$echo/large' <root/big | grep -q $(sha256sum <root/big | cut -d' ' -f1)"
    check "-u at once" alike -u alice:wonderland "$echo/echo"
    check "a request that Expect keeps back is sent again without it" alike -T root/big "$echo/417"

    cp odd page.html && cp odd notes.txt && cp odd x.png
    check "-F text" alike -F name=value -F 'other=two words' "$echo/form"
    check "-F text of UTF-8" alike -F 'näme=ß' "$echo/form"
    check "-F file" alike -F file=@odd "$echo/form"
    check "-F file by its ending" alike -F page=@page.html -F text=@notes.txt -F image=@x.png -F data=@odd "$echo/form"
    check "-F ;type= ;filename=" alike -F 'file=@odd;type=text/x-odd;filename=other.bin' "$echo/form"
    check "-F a quote in a filename" alike -F 'file=@odd;filename="a\"b"' "$echo/form"
    check "-F type by the filename given" alike -F 'file=@odd;filename=page.html' "$echo/form"
    check "-F text from a file" alike -F 'text=<users' "$echo/form"
    check "-F file from a pipe" alike_piped -F 'file=@-;filename=piped;type=text/x' "$echo/form"
    check "--form-string" alike --form-string 'name=@odd;type=x' "$echo/form"
    check "-F large" alike -F file=@root/big -F after=1 "$echo/form"
    check "a large form is understood" sh -c "'$wireline' http -q -F file=@root/numbers '$echo/form' | grep -q '\"parts\"'"
    check "--json-body" sh -c "'$wireline' http -q --json-body '{\"a\": 1}' '$echo/echo' | grep -q 'application/json.*POST'"
fi
