# Whom we trust, and client certificates. Sourced by run.

check "our authority" "$wireline" get -q --cacert ca.pem "$secure/numbers" -o out/tls
check "the same bytes" cmp root/numbers out/tls
check "SSL_CERT_FILE" env SSL_CERT_FILE=ca.pem "$wireline" get -q "$secure/numbers" -o out/tls
check "--add-ca" "$wireline" get -q --add-ca ca.pem "$secure/numbers" -o out/tls
check "an address in the certificate" "$wireline" get -q --cacert ca.pem "https://127.0.0.1:$secure_port/numbers" -o out/tls
check "TLS 1.2" "$wireline" get -q --cacert ca.pem "https://localhost:$tls12_port/numbers" -o out/tls
check "an authority that nobody trusts is exit 4" exits 4 "$wireline" get -q "$secure/numbers" -o out/no
check "another's authority is exit 4" exits 4 "$wireline" get -q --cacert stranger.pem "$secure/numbers" -o out/no
check "another name is exit 4" exits 4 "$wireline" get -q --cacert ca.pem "https://localhost:$other_port/numbers" -o out/no
check "an expired certificate is exit 4" exits 4 "$wireline" get -q --cacert ca.pem "https://localhost:$late_port/numbers" -o out/no
check "TLS 1.1 is exit 4" exits 4 "$wireline" get -q --cacert ca.pem "https://localhost:$tls11_port/numbers" -o out/no
check "no TLS there is exit 4" exits 4 "$wireline" get -q --cacert ca.pem "https://127.0.0.1:$plain_port/numbers" -o out/no
check "none of these left a file" test ! -e out/no
check "-k takes any" "$wireline" get -q -k "https://localhost:$other_port/numbers" -o out/tls
check "a server that wants a certificate, without one: exit 1" exits 1 "$wireline" get -q --cacert ca.pem "$mutual/numbers" -o out/no
for pair in client.pem:client.key client.pem:client-sec1.key rsa.pem:rsa.key rsa.pem:rsa-pkcs1.key first.pem:first.key; do
    rm -f out/mutual
    check "-E ${pair%:*} --key ${pair#*:}" "$wireline" get -q --cacert ca.pem -E "${pair%:*}" --key "${pair#*:}" "$mutual/numbers" -o out/mutual
    check "the same bytes" cmp root/numbers out/mutual
done
check "both in one file" "$wireline" get -q --cacert ca.pem -E client-both.pem "$mutual/numbers" -o out/mutual
check "nginx knows who it was" sh -c 'tail -n 1 access.log | grep -q "from \"CN=alice\""'
check "in a row" "$wireline" get -q --cacert ca.pem -E client-both.pem "$mutual/numbers" "$mutual/page.shtml" -o out/m1 -o out/m2
check "a stranger's certificate is exit 1" exits 1 "$wireline" get -q --cacert ca.pem -E stranger.pem --key stranger.key "$mutual/numbers" -o out/no
check "a certificate and another's key is exit 2, 4 or 7" sh -c \
    "'$wireline' get -q --cacert ca.pem -E client.pem --key stranger.key '$mutual/numbers' -o out/no; case \$? in 2 | 4 | 7) ;; *) exit 1 ;; esac"
check "a locked key is exit 2, 4 or 7, at once" sh -c \
    "timeout 5 '$wireline' get -q --cacert ca.pem -E client.pem --key client-locked.key '$mutual/numbers' -o out/no; case \$? in 2 | 4 | 7) ;; *) exit 1 ;; esac"
check "a missing one is exit 7" exits 7 "$wireline" get -q --cacert ca.pem -E none.pem "$mutual/numbers" -o out/no
