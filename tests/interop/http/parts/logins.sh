# Basic and Digest, and where the login comes from. Sourced by run.

page=$plain/private/page
printf 'machine other login x password y\nmachine 127.0.0.1\n  login alice\n  password wonderland\n' >netrc
printf 'default login alice password "wonderland"\n' >netrc-default
cp netrc .netrc && chmod 600 .netrc netrc netrc-default
echo wonderland >password
check "-u" "$wireline" get -q -u alice:wonderland "$page" -o out/login
check "is let in" cmp root/private/page out/login
for source in "-u alice --password-file password" "--netrc" "--netrc-file netrc" "--netrc-file netrc-default"; do
    rm -f out/login
    check "$source" "$wireline" get -q $source "$page" -o out/login
    check "is let in" cmp root/private/page out/login
done
check "WIRELINE_PASSWORD" env WIRELINE_PASSWORD=wonderland "$wireline" get -q -u alice "$page" -o out/login
check "the URL's" "$wireline" get -q "http://alice:wonderland@127.0.0.1:$plain_port/private/page" -o out/login
check "--anyauth with Basic" "$wireline" get -q --anyauth -u alice:wonderland "$page" -o out/login
check "none is exit 1" exits 1 "$wireline" get -q "$page" -o out/login
check "a wrong one is exit 1" exits 1 env WIRELINE_PASSWORD=x "$wireline" get -q -u alice "$page" -o out/login
check "--digest where Basic is wanted is exit 1" exits 1 "$wireline" get -q --digest -u alice:wonderland "$page" -o out/login
"$wireline" get -v -u alice:wonderland "$page" --record trace -o out/login >said 2>&1
check "no trace shows it" sh -c '! grep -E "wonderland|YWxpY2U6d29uZGVybGFuZA" said trace'
digests() { # NAME URL
    local name=$1 url=$2 how
    for how in --digest --anyauth; do
        rm -f out/digest
        check "$name, $how" "$wireline" get -q $how -u alice:wonderland "$url" -o out/digest
        check "is let in" cmp root/private/page out/digest
    done
    check "$name, three in a row" sh -c "'$wireline' get -q --digest -u alice:wonderland '$url' '$url?a=b&c' '$url?\"quoted\"' >out/digest"
    check "are let in" prints 33 stat -c %s out/digest
    check "$name, a wrong password is exit 1" exits 1 "$wireline" get -q --digest -u alice:x "$url" -o out/digest
    check "$name, -u alone" "$wireline" get -q -u alice:wonderland "$url" -o out/digest
    "$wireline" get -v --digest -u alice:wonderland "$url" --record trace -o out/digest >said 2>&1
    check "$name, no trace shows the response" sh -c '! grep -iE "response=\"?[0-9a-f]{32}" said trace'
}
lighttpd_saw() { # ALGORITHM URL: in what its log has of the login
    "$wireline" get -q --digest -u alice:wonderland "$2" -o out/digest
    # lighttpd writes its log when it is told to, or some seconds later.
    kill -HUP "$lighttpd_pid"
    local try
    for try in $(seq 100); do
        grep -F "${2#"$lighttpd"}" lighttpd-access.log | grep -qE "algorithm=\"?$1" && return 0
        sleep 0.05
    done
    return 1
}
if [ -n "$lighttpd" ]; then
    digests "Digest of lighttpd, MD5" "$lighttpd/md5/page"
    digests "Digest of lighttpd, SHA-256" "$lighttpd/sha256/page"
    digests "Digest of lighttpd, both offered" "$lighttpd/both/page"
    check "of both SHA-256 is taken" lighttpd_saw "SHA-256" "$lighttpd/both/page?of=both"
else
    skip "Digest of lighttpd" "it is not installed"
fi
if [ -n "$apache" ]; then
    cp root/private/page dav/page
    digests "Digest of Apache" "$apache/dav/page"
else
    skip "Digest of Apache" "it is not installed"
fi
