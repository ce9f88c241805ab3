# Only what is new: ETags and dates. Sourced by run.

cp root/numbers out/kept
check "--etag-save" "$wireline" get -q --etag-save etag "$plain/numbers" -o out/etag
check "stores what nginx says" sh -c "curl -sI '$plain/numbers' | tr -d '\r' | grep -qixF \"etag: \$(cat etag)\""
echo mine >out/etag
check "--etag-compare with the same is 304, exit 0" "$wireline" get --etag-compare etag "$plain/numbers" -o out/etag
check "says so" holds "304 Not Modified" last
check "and the file stays" holds mine out/etag
check "curl takes our file of it" curl -sSf --etag-compare etag "$plain/numbers" -o out/by-curl -w '%{http_code}'
check "and has 304" holds 304 last
curl -sSf --etag-save curl-etag "$plain/numbers" -o /dev/null
check "we take curl's" "$wireline" get --etag-compare curl-etag "$plain/numbers" -o out/etag
check "and have 304" holds "304 Not Modified" last
check "--etag-compare with another fetches" "$wireline" get -q --etag-compare etag "$plain/big" -o out/etag
check "the page" cmp root/big out/etag
check "one file for both, first empty" "$wireline" get -q --etag-compare both --etag-save both "$plain/numbers" -o out/both
check "then known" "$wireline" get --etag-compare both --etag-save both "$plain/numbers" -o out/both
check "is 304" holds "304 Not Modified" last
check "and keeps the ETag" cmp etag both
touch -d '2020-02-03 04:05:06 UTC' out/kept
check "--newer with a file as old" "$wireline" get --newer "$plain/numbers" -o out/kept
check "is 304" holds "304 Not Modified" last
touch out/kept
check "--newer with a file that is newer, of a server that compares for equality" "$wireline" get -q --newer "$plain/numbers" -o out/kept
check "leaves it" test out/kept -nt root/big
touch -d '2019-01-01 UTC' out/kept
check "--newer with an older file" "$wireline" get --newer "$plain/numbers" -o out/kept
check "fetches" holds "200 OK" last
check "and takes the server's time" prints 1580702706 stat -c %Y out/kept
check "-z DATE before" "$wireline" get -z "2019-01-01" "$plain/numbers" -o out/dated
check "fetches" holds "200 OK" last
check "-z DATE of HTTP after" "$wireline" get -z "Thu, 01 Jan 2026 00:00:00 GMT" "$plain/before/numbers" -o out/dated
check "is 304" holds "304 Not Modified" last
check "-z FILE" "$wireline" get -z out/kept "$plain/numbers" -o out/dated
check "is 304" holds "304 Not Modified" last
check "-z -DATE, only what is older, is refused with 412 and exit 1" exits 1 "$wireline" get -z "-2019-01-01" "$plain/numbers" -o out/dated
check "-z -DATE that holds" "$wireline" get -q -z "-2026-01-01" "$plain/numbers" -o out/dated
