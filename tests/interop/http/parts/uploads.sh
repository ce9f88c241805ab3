# Uploads to WebDAV and through nginx as a proxy. Sourced by run.

check "put" "$wireline" put root/big "$plain/put/big"
check "the same bytes" cmp root/big root/put/big
check "put again replaces" "$wireline" put root/numbers "$plain/put/big"
check "the same bytes" cmp root/numbers root/put/big
check "put to a folder keeps the name" "$wireline" put root/numbers "$plain/put/deep/er/"
check "the same bytes" cmp root/numbers root/put/deep/er/numbers
check "put from a pipe, in chunks" piped root/big "$wireline" put - "$plain/put/piped"
check "the same bytes" cmp root/big root/put/piped
check "put of nothing" "$wireline" put /dev/null "$plain/put/empty"
check "is an empty file" test -e root/put/empty -a ! -s root/put/empty
check "put of a pipe of nothing" piped /dev/null "$wireline" put - "$plain/put/none"
check "is an empty file" test -e root/put/none -a ! -s root/put/none
check "put over TLS" "$wireline" put root/big "$secure/put/tls" --cacert ca.pem
check "the same bytes" cmp root/big root/put/tls
check "http -T -" piped root/big "$wireline" http -T - "$plain/put/by-http"
check "the same bytes" cmp root/big root/put/by-http
check "put follows 307 with the body" "$wireline" put root/big "$plain/moved-put"
check "the same bytes" cmp root/big root/put/moved
check "a pipe cannot be sent twice: not 0" sh -c "! cat root/big | '$wireline' put - '$plain/moved-put'"
check "put where it must not is exit 1" exits 1 "$wireline" put users "$plain/big"
check "said by 405" holds 405 last
check "too large is exit 1, whenever the server says so" exits 1 "$wireline" put root/big "$plain/tight/big"
check "said by 413" holds 413 last
check "in chunks too" exits 1 piped root/big "$wireline" put - "$plain/tight/big"
check "behind a login, at once" "$wireline" put -u alice:wonderland root/big "$plain/locked/login"
check "the same bytes" cmp root/big root/put/login
check "a wrong login is exit 1" exits 1 "$wireline" put -u alice:x root/big "$plain/locked/login"
check "a missing file is exit 7" exits 7 "$wireline" put no-such "$plain/put/no-such"
check "http DELETE" "$wireline" http DELETE "$plain/put/empty"
check "deletes" test ! -e root/put/empty
check "http MKCOL" "$wireline" http MKCOL "$plain/put/new/"
check "makes the folder" test -d root/put/new
check "http MOVE" "$wireline" http MOVE -H "Destination: $plain/put/new/big" "$plain/put/piped"
check "moves" cmp root/big root/put/new/big
if [ -n "$echo" ]; then
    sum=$(sha256sum <root/big | cut -d' ' -f1)
    check "in chunks through nginx to a server behind" sh -c "cat root/big | '$wireline' http -q -T - '$plain/stream/x' >out/stream"
    check "the same bytes" holds "$sum" out/stream
    check "by length through nginx" sh -c "'$wireline' http -q -T root/big '$plain/stream/x' >out/stream"
    check "the same bytes" holds "$sum" out/stream
fi
if [ -n "$apache" ]; then
    check "put to Apache by Digest, which refuses the first" "$wireline" put --digest -u alice:wonderland root/big "$apache/dav/big"
    check "the same bytes" cmp root/big dav/big
    check "in chunks" exits 0 piped root/big "$wireline" put --digest -u alice:wonderland - "$apache/dav/piped"
    check "the same bytes" cmp root/big dav/piped
    check "PROPFIND" "$wireline" http PROPFIND --digest -u alice:wonderland -H 'Depth: 1' "$apache/dav/"
    check "is told" holds "D:multistatus" last
else
    skip "put by Digest" "Apache is not installed"
fi
