# Jars: ours read by curl, curl's read by us, and what a jar must not give away. Sourced by run.

check "-c" "$wireline" get -q -c our-jar "$plain/set" -o out/set
check "the jar has what lasts" holds "lasting" our-jar
check "and nothing foreign" lacks foreign our-jar
check "nor what is Secure, said in clear" lacks sealed our-jar
check "curl reads it" sh -c "curl -sSf -b our-jar '$plain/cookies' >out/cookies"
check "and sends what lasts" holds "lasting=1" out/cookies
check "we read it" sh -c "'$wireline' get -q -b our-jar '$plain/deep/' >out/cookies"
check "and send what lasts" holds "lasting=1" out/cookies
check "and what is for the path" holds "deep=3" out/cookies
check "not elsewhere" sh -c "! '$wireline' get -q -b our-jar '$plain/cookies' | grep deep"
check "not to another host" sh -c "! '$wireline' get -q -b our-jar 'http://localhost:$plain_port/cookies' | grep lasting"
curl -sSf -c curl-jar "$plain/set" -o /dev/null
curl -sSf -b curl-jar "$plain/cookies" >by-curl
check "we read curl's jar" sh -c "'$wireline' get -q -b curl-jar '$plain/cookies' >out/cookies"
check "and send what curl sends, session cookies too" sh -c 'for f in by-curl out/cookies; do tr ";" "\n" <$f | tr -d " " | sort >$f.sorted; done; diff by-curl.sorted out/cookies.sorted'
check "-c keeps a jar across runs" "$wireline" get -q -c curl-jar "$plain/cookies" -o out/cookies
check "with what was in it" holds lasting curl-jar
check "curl takes the jar that we wrote again" sh -c "curl -sSf -b curl-jar '$plain/cookies' >out/cookies"
check "and sends what lasts" holds "lasting=1" out/cookies
check "HttpOnly stays so" holds "#HttpOnly_127.0.0.1" curl-jar
check "a cookie that is taken back, on the way of a redirect" sh -c "'$wireline' get -q -c our-jar '$plain/forget' >out/cookies"
check "is not sent" lacks lasting out/cookies
check "nor kept" lacks lasting our-jar
named="--resolve wireline.test:$secure_port:127.0.0.1 --resolve wireline.test:$plain_port:127.0.0.1 --cacert ca.pem"
check "Secure by TLS" "$wireline" get -q -c tls-jar $named "https://wireline.test:$secure_port/set" -o out/set
check "is kept" holds sealed tls-jar
check "sent by TLS" sh -c "'$wireline' get -q -b tls-jar $named 'https://wireline.test:$secure_port/cookies' | grep -q sealed=4"
check "not in clear" sh -c "! '$wireline' get -q -b tls-jar $named 'http://wireline.test:$plain_port/cookies' | grep sealed"
check "where the others are sent" sh -c "'$wireline' get -q -b tls-jar $named 'http://wireline.test:$plain_port/cookies' | grep -q lasting"
check "a jar is for its owner alone" prints 600 stat -c %a tls-jar
check "-b NAME=VALUE" sh -c "'$wireline' get -q -b a=1 '$plain/cookies' | grep -qx a=1"
check "two URLs of a run share cookies" sh -c "'$wireline' get -q -b none=0 '$plain/set' '$plain/cookies' | grep -q lasting=1"
