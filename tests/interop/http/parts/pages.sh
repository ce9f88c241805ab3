# Pages by every way of asking and storing. Sourced by run.

check "a page" "$wireline" get "$plain/big" -o out/big
check "says its head" holds "Content-Length: 3000000" last
check "the same bytes" cmp root/big out/big
check "over TLS, where HTTP/2 is offered too" "$wireline" get "$secure/big" --cacert ca.pem -o out/tls
check "the same bytes" cmp root/big out/tls
check "a chunked page" "$wireline" get "$plain/page.shtml" -o out/page
check "without its chunks" holds page out/page
[ -z "$echo" ] || {
    check "a page of HTTP/1.0 that ends with the connection" "$wireline" get "$echo/old" -o out/old
    check "is whole" test "$(stat -c %s out/old)" = 65536
}
check "a redirect" "$wireline" get "$plain/moved" -o out/moved
check "to another origin and TLS" "$wireline" get "$plain/away" --cacert ca.pem -o out/away
check "the same bytes" cmp root/big out/away
check "a redirect in a circle is exit 5" exits 5 "$wireline" get "$plain/round" -o out/round
check "--max-redirs 0 makes it an answer" "$wireline" get "$plain/round" --max-redirs 0 -o out/round
check "a head" "$wireline" get -I "$plain/big"
check "says its length" holds "Content-Length: 3000000" last
check "a missing page is exit 1" exits 1 "$wireline" get "$plain/none" -o out/none
check "and no file" test ! -e out/none
check "--fail-with-body stores what was said" exits 1 "$wireline" get "$plain/none" --fail-with-body -o out/none
check "which is a page" holds "404 Not Found" out/none
check "a port where nobody listens is exit 3" exits 3 "$wireline" get http://127.0.0.1:1/ -o out/nobody
check "three on one connection" "$wireline" get "$plain/big" "$plain/page.shtml" "$plain/moved" --output-dir out/many --create-dirs
check "the same bytes" cmp root/big out/many/moved
seq 10 | sed "s|.*|$plain/few/numbers?&|" >list
for _ in $(seq 10); do cat root/numbers; done >ten
check "ten, of which the server lets three through a connection" sh -c "'$wireline' get -q --input-file list | cmp - ten"
check "eight at a time" "$wireline" get -q --jobs 8 $(seq 20 | sed "s|.*|$plain/numbers?&|") $(seq 20 | sed 's|.*|-o out/jobs&|')
check "each whole" sh -c 'for each in $(seq 20); do cmp root/numbers out/jobs$each || exit 1; done'
check "-O" "$wireline" get -q -O --output-dir out "$plain/numbers"
check "the same bytes" cmp root/numbers out/numbers
check "-O does not overwrite (7)" exits 7 "$wireline" get -q -O --output-dir out "$plain/numbers"
check "unless it is told to" "$wireline" get -q -O --overwrite --output-dir out "$plain/numbers"
check "--no-clobber leaves it" "$wireline" get -q -O --no-clobber --output-dir out "$plain/numbers"
check "-J takes the server's name, made safe" "$wireline" get -q -O -J --output-dir out "$plain/as-said"
check "below the folder" sh -c 'ls out | grep -q text.txt && ! test -e text.txt && ! test -e out/../text.txt'
check "-R takes the server's time" "$wireline" get -q -R "$plain/numbers" -o out/timed
check "of 2020" prints "1580702706" stat -c %Y out/timed
check "by a Unix socket" "$wireline" get -q --unix-socket nginx.sock http://anything/big -o out/socket
check "the same bytes" cmp root/big out/socket
check "--json is JSON, a line a transfer" sh -c \
    "'$wireline' get --json '$plain/big' -o out/j1 '$plain/moved' -o out/j2 | python3 -c '
import json, sys
one, two = map(json.loads, sys.stdin)
assert one[\"status\"] == two[\"status\"] == 200 and one[\"bytes\"] == 3000000, (one, two)
assert two[\"redirects\"] == 1 and two[\"effective_url\"].endswith(\"/big\"), two'"
began=$(date +%s%N)
check "--limit-rate 1M" "$wireline" get -q --limit-rate 1M "$plain/big" -o out/limited
took=$((($(date +%s%N) - began) / 1000000))
check "took about three seconds ($took ms)" test "$took" -gt 1800 -a "$took" -lt 6000
check "the same bytes" cmp root/big out/limited
check "--max-size is exit 5" exits 5 "$wireline" get -q --max-size 1M "$plain/big" -o out/too-big
check "-m 1 is exit 6" exits 6 "$wireline" get -q -m 1 "$plain/slow/big" -o out/late
[ -z "$echo" ] || {
    check "--retry asks again after 503" "$wireline" get -q --retry 3 "$echo/flaky/2" -o out/flaky
    check "and has the page" holds "at last" out/flaky
    check "--retry 1 gives up with exit 1" exits 1 "$wireline" get -q --retry 1 "$echo/flaky/3" -o out/given-up
}
check "--resolve" "$wireline" get -q --resolve "wireline.test:$secure_port:127.0.0.1" --cacert ca.pem "https://wireline.test:$secure_port/big" -o out/resolved
check "--connect-to" "$wireline" get -q --connect-to "wireline.test:80:127.0.0.1:$plain_port" http://wireline.test/big -o out/connected
