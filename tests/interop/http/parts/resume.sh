# Downloads that were cut short, and ranges. Sourced by run.

killed_early "$wireline" get -q "$plain/slow/big" -o out/resumed
check "a killed download leaves a part" test -s out/.resumed.part
check "and no file" test ! -e out/resumed
check "it continues" "$wireline" get -C - "$plain/slow/big" -o out/resumed
check "by a range" holds "206 Partial Content" last
check "to the same bytes" cmp root/big out/resumed
killed_early "$wireline" get -q "$plain/slow/big" -o out/changed
head -c 3000000 /dev/urandom >root/new && mv root/new root/big
check "a changed page is not continued" "$wireline" get -C - "$plain/slow/big" -o out/changed
check "but fetched anew" cmp root/big out/changed
killed_early "$wireline" get -q "$plain/slow/big" -o out/whole
check "a server without ranges" "$wireline" get -C - "$plain/no-ranges/big" -o out/whole
check "gives the whole again" cmp root/big out/whole
head -c 1000 root/big >out/offset
check "-C 1000 continues a file" "$wireline" get -q -C 1000 "$plain/big" -o out/offset
check "to the same bytes" cmp root/big out/offset
for range in 0-499 2999000- -500 10-10; do
    curl -sSf -r "$range" "$plain/big" -o out/by-curl
    check "-r $range" "$wireline" get -q -r "$range" "$plain/big" -o out/range
    check "as curl has it" cmp out/by-curl out/range
done
check "-r behind the end is exit 1" exits 1 "$wireline" get -q -r 3000000- "$plain/big" -o out/behind
