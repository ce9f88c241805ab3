# Content codings, asked for and not. Sourced by run.

coded() { # NAME URL CODING ORIGINAL
    check "$1" "$wireline" get -i --compressed "$2" -o out/coded
    check "came coded" grep -qi "^content-encoding: $3" last
    check "and is stored decoded" cmp "$4" out/coded
}
coded "gzip of nginx" "$plain/gzip/numbers" gzip root/numbers
coded "gzip of random bytes" "$plain/gzip/big" gzip root/big
if [ -e "$brotli_module" ]; then coded "brotli of nginx" "$plain/br/numbers" br root/numbers
else skip "brotli of nginx" "the module is not installed"; fi
if [ -n "$apache" ]; then coded "gzip of Apache" "$apache/numbers" gzip root/numbers
else skip "gzip of Apache" "it is not installed"; fi
if [ -n "$echo" ]; then
    curl -sSf "$echo/old" -o out/uncoded
    for coding in deflate zstd twice; do
        coded "$coding" "$echo/$coding" "$([ $coding = twice ] && echo 'gzip, gzip' || echo $coding)" out/uncoded
    done
else
    skip "deflate, zstd, twice gzip" "werkzeug is not installed"
fi
check "without --compressed" "$wireline" get "$plain/gzip/numbers" -o out/coded
check "nothing is coded" lacks "Content-Encoding" last
check "and the bytes are the page's" cmp root/numbers out/coded
check "a coding that was not asked for" "$wireline" get -q -H 'Accept-Encoding: gzip' "$plain/gzip/numbers" -o out/raw.gz
check "stays as it came" sh -c 'gzip -dc out/raw.gz | cmp - root/numbers'
