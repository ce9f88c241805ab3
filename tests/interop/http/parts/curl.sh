# curl against wireline's own HTTP server. Sourced by run.

rm -f ready
"$wireline" serve http --root root --ready-file ready >/dev/null &
servers+=($!)
while [ ! -e ready ]; do sleep 0.01; done
ours=http://127.0.0.1:$(sed 's/.*"port":\([0-9]*\).*/\1/' ready)
check "a file" curl -sSf "$ours/big" -o out/curl
check "the same bytes" cmp root/big out/curl
check "a range" curl -sSf -r 10-19 "$ours/big" -o out/range
check "of ten bytes" cmp out/range <(tail -c +11 root/big | head -c 10)
head -c 1000 root/big >out/half
check "continued" curl -sSf -C - "$ours/big" -o out/half
check "to the same bytes" cmp root/big out/half
check "chunked with trailers" curl -sSf "$ours/chunked/100000?chunk=777&trailer=1&ext=1" -o out/chunks
check "whole" prints 100000 stat -c %s out/chunks
check "redirects" curl -sSfL "$ours/redirects/5" -o out/hops
check "a cut is noticed" exits 18 curl -sS "$ours/cut/1000/10" -o out/cut
check "a login" curl -sSf -u alice:wonderland "$ours/auth/basic" -o out/login
