# Through proxies of HTTP and of SOCKS 5. Sourced by run.

tinyproxy_on() { # PORT LINE...
    local port=$1
    shift
    printf '%s\n' "Port $port" "Listen 127.0.0.1" "Timeout 60" "MaxClients 50" "LogFile \"$dir/tinyproxy-$port.log\"" \
        "LogLevel Connect" "PidFile \"$dir/tinyproxy-$port.pid\"" 'ViaProxyName "tiny"' "$@" >"tinyproxy-$port.conf"
    start "$port" "tinyproxy-$port.out" tinyproxy -d -c "tinyproxy-$port.conf"
}
went_by() { # PROOF: the Via that nginx saw last, or log:FILE, which has grown since $before
    case $1 in
        log:*) [ "$(stat -c %s "${1#log:}")" -gt "$before" ] || { echo "${1#log:} has not grown"; return 1; } ;;
        *) tail -n 1 access.log | grep -q "via \"$1" || { tail -n 1 access.log; return 1; } ;;
    esac
}
through() { # NAME PROOF ARGUMENT...: pages and uploads in clear and by TLS
    local name=$1 proof=$2 before=0
    shift 2
    rm -f out/proxied
    [ ! -e "${proof#log:}" ] || before=$(stat -c %s "${proof#log:}")
    check "$name: http" "$wireline" get -q "$@" "$plain/big" -o out/proxied
    check "the same bytes" cmp root/big out/proxied
    check "by the proxy" went_by "$proof"
    check "$name: https" "$wireline" get -q "$@" --cacert ca.pem "$secure/big" -o out/proxied-tls
    check "the same bytes" cmp root/big out/proxied-tls
    check "$name: from http to https by a redirect" "$wireline" get -q "$@" --cacert ca.pem "$plain/away" -o out/proxied-away
    check "the same bytes" cmp root/big out/proxied-away
    check "$name: put" "$wireline" put -q "$@" root/big "$plain/put/proxied"
    check "the same bytes" cmp root/big root/put/proxied
    check "$name: put from a pipe" piped root/big "$wireline" put -q "$@" - "$plain/put/proxied-pipe"
    check "the same bytes" cmp root/big root/put/proxied-pipe
    check "$name: put by TLS" "$wireline" put -q "$@" --cacert ca.pem root/numbers "$secure/put/proxied-tls"
    check "the same bytes" cmp root/numbers root/put/proxied-tls
    check "$name: three in a row" sh -c '"$@" | cmp - out/three' three "$wireline" get -q "$@" "$plain/numbers" "$plain/numbers" "$plain/numbers"
    check "$name: a login in clear behind it is exit 8" exits 8 "$wireline" get -q "$@" -u alice:wonderland "$plain/private/page" -o out/no
    check "$name: unless it may" "$wireline" get -q "$@" -u alice:wonderland --allow-plaintext-auth "$plain/private/page" -o out/proxied-login
    check "$name: a page that is missing is exit 1" exits 1 "$wireline" get -q "$@" "$plain/none" -o out/proxied-none
}
cat root/numbers root/numbers root/numbers >out/three

if has tinyproxy; then
    next_port && tiny=$port
    tinyproxy_on "$tiny"
    through tinyproxy '1.[01] tiny' -x "http://127.0.0.1:$tiny"
    check "nothing there is exit 1 (502) or 3" sh -c "'$wireline' get -q -x http://127.0.0.1:$tiny http://127.0.0.1:1/ -o out/no; test \$? = 1 -o \$? = 3"
    check "nothing there, by CONNECT, is exit 3" exits 3 "$wireline" get -q -x "http://127.0.0.1:$tiny" https://127.0.0.1:1/ -o out/no
    next_port && locked=$port
    tinyproxy_on "$locked" 'BasicAuth alice wonderland'
    through "tinyproxy with a login" '1.[01] tiny' -x "http://alice:wonderland@127.0.0.1:$locked"
    check "by -U" "$wireline" get -q -x "http://127.0.0.1:$locked" -U alice:wonderland "$plain/numbers" -o out/proxied
    check "without is exit 1" exits 1 "$wireline" get -q -x "http://127.0.0.1:$locked" "$plain/numbers" -o out/no
    check "without, by CONNECT, is exit 1" exits 1 "$wireline" get -q -x "http://127.0.0.1:$locked" --cacert ca.pem "$secure/numbers" -o out/no
    check "a wrong one is exit 1" exits 1 "$wireline" get -q -x "http://alice:x@127.0.0.1:$locked" "$plain/numbers" -o out/no
    [ -z "$echo" ] || check "the proxy's login does not reach the server" sh -c \
        "! '$wireline' http -q -x http://alice:wonderland@127.0.0.1:$locked '$echo/echo' | grep -i proxy-auth"
else
    skip tinyproxy "it is not installed"
fi

squid_starts() {
    next_port && squid=$port
    next_port && squid_locked=$port
    next_port && squid_tls=$port
    mkdir -p squid && cp users server.pem server.key squid/
    ! is_root || chown -R proxy squid
    echo "127.0.0.1 localhost wireline.test" >hosts
    cat >squid.conf <<CONF
http_port 127.0.0.1:$squid
http_port 127.0.0.1:$squid_locked name=locked
https_port 127.0.0.1:$squid_tls tls-cert=$dir/squid/server.pem tls-key=$dir/squid/server.key
auth_param basic program /usr/lib/squid/basic_ncsa_auth $dir/squid/users
auth_param basic children 2 startup=1
acl login proxy_auth REQUIRED
acl locked myportname locked
http_access deny locked !login
http_access allow all
hosts_file $dir/hosts
visible_hostname squid.test
pinger_enable off
cache deny all
cache_mem 8 MB
shutdown_lifetime 0 seconds
max_filedescriptors 1024
coredump_dir $dir/squid
pid_filename none
access_log stdio:$dir/squid/access.log
cache_log $dir/squid/cache.log
CONF
    start "$squid" squid.out squid -N -f "$dir/squid.conf"
}
if has squid && squid_starts; then
    through Squid '1.1 squid.test' -x "http://127.0.0.1:$squid"
    through "Squid with a login" '1.1 squid.test' -x "http://127.0.0.1:$squid_locked" -U alice:wonderland
    check "without is exit 1" exits 1 "$wireline" get -q -x "http://127.0.0.1:$squid_locked" "$plain/numbers" -o out/no
    through "Squid by TLS" '1.1 squid.test' -x "https://localhost:$squid_tls" --cacert ca.pem
    check "a proxy that nobody trusts is exit 4" exits 4 "$wireline" get -q -x "https://localhost:$squid_tls" "$plain/numbers" -o out/no
    test_plain=http://wireline.test:$plain_port test_secure=https://wireline.test:$secure_port
    # Only Squid knows this name.
    check "a name that only the proxy knows" "$wireline" get -q -x "http://127.0.0.1:$squid" "$test_plain/numbers" -o out/proxied
    for variable in http_proxy all_proxy ALL_PROXY; do
        check "$variable" env "$variable=http://127.0.0.1:$squid" "$wireline" get -q "$test_plain/numbers" -o out/proxied
    done
    for variable in https_proxy HTTPS_PROXY all_proxy; do
        check "$variable, by CONNECT" env "$variable=http://127.0.0.1:$squid" "$wireline" get -q --cacert ca.pem "$test_secure/numbers" -o out/proxied
    done
    check "HTTP_PROXY in capitals is not taken (3)" exits 3 env "HTTP_PROXY=http://127.0.0.1:$squid" "$wireline" get -q "$test_plain/numbers" -o out/no
    for list in wireline.test .test test '*' "other, wireline.test"; do
        check "no_proxy=$list (3)" exits 3 env "no_proxy=$list" "http_proxy=http://127.0.0.1:$squid" "$wireline" get -q "$test_plain/numbers" -o out/no
        check "--noproxy $list (3)" exits 3 "$wireline" get -q --noproxy "$list" -x "http://127.0.0.1:$squid" "$test_plain/numbers" -o out/no
    done
    check "no_proxy of a name that only ends alike" env "no_proxy=line.test" "http_proxy=http://127.0.0.1:$squid" "$wireline" get -q "$test_plain/numbers" -o out/proxied
    check "--noproxy '' undoes no_proxy" env "no_proxy=*" "http_proxy=http://127.0.0.1:$squid" "$wireline" get -q --noproxy '' "$test_plain/numbers" -o out/proxied
    check "-x '' is none (3)" exits 3 env "http_proxy=http://127.0.0.1:$squid" "$wireline" get -q -x '' "$test_plain/numbers" -o out/no
    check "this machine needs none from the environment" env "http_proxy=http://127.0.0.1:1" "$wireline" get -q "$plain/numbers" -o out/proxied
else
    skip Squid "it is not installed, or does not start"
fi

if has microsocks; then
    next_port && socks=$port
    start "$socks" microsocks.log stdbuf -oL -eL microsocks -i 127.0.0.1 -p "$socks"
    next_port && socks_locked=$port
    start "$socks_locked" microsocks-locked.log microsocks -i 127.0.0.1 -p "$socks_locked" -u alice -P wonderland
    for kind in socks5 socks5h; do
        through "microsocks, $kind" log:microsocks.log -x "$kind://127.0.0.1:$socks"
        through "microsocks with a login, $kind" log:microsocks-locked.log -x "$kind://alice:wonderland@127.0.0.1:$socks_locked"
    done
    check "by -U" "$wireline" get -q -x "socks5://127.0.0.1:$socks_locked" -U alice:wonderland "$plain/numbers" -o out/proxied
    check "without is exit 1 or 3" sh -c "'$wireline' get -q -x socks5://127.0.0.1:$socks_locked '$plain/numbers' -o out/no; test \$? = 1 -o \$? = 3"
    check "a wrong one is exit 1" exits 1 "$wireline" get -q -x "socks5://alice:x@127.0.0.1:$socks_locked" "$plain/numbers" -o out/no
    check "nothing there is exit 3" exits 3 "$wireline" get -q -x "socks5://127.0.0.1:$socks" http://127.0.0.1:1/ -o out/no
    : >microsocks.log
    check "socks5h gives the name" "$wireline" get -q -x "socks5h://127.0.0.1:$socks" "http://localhost:$plain_port/numbers" -o out/proxied
    check "to the proxy" holds "connected to localhost:$plain_port" microsocks.log
    : >microsocks.log
    check "socks5 looks it up here" "$wireline" get -q -x "socks5://127.0.0.1:$socks" "http://localhost:$plain_port/numbers" -o out/proxied
    check "and gives the address" holds "connected to 127.0.0.1:$plain_port" microsocks.log
    check "all_proxy of SOCKS" exits 3 env "all_proxy=socks5h://127.0.0.1:1" "$wireline" get -q http://wireline.test/ -o out/no
else
    skip microsocks "it is not installed"
fi

if has danted; then
    next_port && dante=$port
    cat >dante.conf <<CONF
logoutput: $dir/dante.log
internal: 127.0.0.1 port = $dante
external: lo
clientmethod: none
socksmethod: none
user.privileged: $(id -un)
user.unprivileged: $(id -un)
client pass { from: 127.0.0.0/8 to: 0/0 }
socks pass { from: 127.0.0.0/8 to: 0/0 log: connect }
CONF
    if start "$dante" dante.out danted -N 1 -f "$dir/dante.conf" -p "$dir/dante.pid"; then
        for kind in socks5 socks5h; do
            through "Dante, $kind" log:dante.log -x "$kind://127.0.0.1:$dante"
        done
        check "nothing there is exit 3" exits 3 "$wireline" get -q -x "socks5://127.0.0.1:$dante" http://127.0.0.1:1/ -o out/no
    else
        skip Dante "it does not start"
    fi
else
    skip Dante "it is not installed"
fi
