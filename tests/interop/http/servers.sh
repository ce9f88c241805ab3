# The certificates, and every server on a port of its own. Sourced by run. What is not installed sets no port.

ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
leaf() { # NAME SUBJECT OPENSSL-X509-OPTION...: a certificate from our authority
    local name=$1 subject=$2
    shift 2
    openssl req "${ec[@]}" -subj "$subject" -keyout "$name.key" -out "$name.req" 2>/dev/null
    openssl x509 -req -in "$name.req" -CA ca.pem -CAkey ca.key -out "$name.pem" "$@" 2>/dev/null
}
openssl req -x509 "${ec[@]}" -days 2 -subj /CN=ca -keyout ca.key -out ca.pem 2>/dev/null
openssl req -x509 "${ec[@]}" -days 2 -subj /CN=stranger -keyout stranger.key -out stranger.pem 2>/dev/null
echo "subjectAltName=DNS:localhost,DNS:wireline.test,IP:127.0.0.1" >names
echo "subjectAltName=DNS:other.test" >other-name
echo "extendedKeyUsage=clientAuth" >usage
leaf server /CN=localhost -days 2 -extfile names
leaf other /CN=other.test -days 2 -extfile other-name
leaf late /CN=localhost -days -1 -extfile names
leaf client /CN=alice -days 2 -extfile usage
# Of X.509 version 1, as openssl makes them when it is given no extensions.
leaf first /CN=alice -days 2
cat client.pem client.key >client-both.pem
openssl ec -in client.key -out client-sec1.key 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=alice -keyout rsa.key -out rsa.req 2>/dev/null
openssl x509 -req -in rsa.req -CA ca.pem -CAkey ca.key -days 2 -extfile usage -out rsa.pem 2>/dev/null
openssl rsa -in rsa.key -traditional -out rsa-pkcs1.key 2>/dev/null
openssl ec -in client.key -aes128 -passout pass:x -out client-locked.key 2>/dev/null

next_port && echo_port=$port
echo=
if /usr/bin/python3 -c 'import werkzeug' 2>/dev/null; then
    start "$echo_port" echo.log /usr/bin/python3 "$here/server.py" "$echo_port" && echo=http://127.0.0.1:$echo_port || true
fi

next_port && plain_port=$port
next_port && secure_port=$port
next_port && tls12_port=$port
next_port && tls11_port=$port
next_port && mutual_port=$port
next_port && other_port=$port
next_port && late_port=$port
cat >nginx.conf <<CONF
$([ ! -e $brotli_module ] || echo "load_module $brotli_module;")
$(! is_root || echo "user root;")
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log;
events { worker_connections 256; }
http {
    log_format told '\$request \$status via "\$http_via" from "\$ssl_client_s_dn" \$request_length';
    access_log $dir/access.log told;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    ssl_certificate $dir/server.pem;
    ssl_certificate_key $dir/server.key;
    ssl_client_certificate $dir/ca.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    gzip_types *;
    gzip_min_length 0;
    server {
        listen 127.0.0.1:$plain_port;
        listen unix:$dir/nginx.sock;
        listen 127.0.0.1:$secure_port ssl http2;
        root $dir/root;
        location /slow/ { alias $dir/root/; limit_rate 500k; }
        location ~ shtml$ { ssi on; ssi_types *; }
        location /private/ { auth_basic test; auth_basic_user_file $dir/users; }
        location /moved { return 301 /big; }
        location /away { return 302 https://localhost:$secure_port/big; }
        location /round { return 302 /round; }
        location /few { alias $dir/root/; keepalive_requests 3; }
        location /before/ { alias $dir/root/; if_modified_since before; }
        location /gzip/ { alias $dir/root/; gzip on; }
        location /no-ranges/ { alias $dir/root/; max_ranges 0; }
        location /as-said { add_header Content-Disposition "attachment; filename*=UTF-8''na%C3%AFve%2F..%2Ftext.txt"; return 200 text; }
        $([ ! -e $brotli_module ] || echo "location /br/ { alias $dir/root/; brotli on; brotli_types *; }")
        location /put/ { client_max_body_size 0; dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; }
        location /locked/ {
            alias $dir/root/put/; client_max_body_size 0; dav_methods PUT;
            auth_basic test; auth_basic_user_file $dir/users;
        }
        location /tight/ { alias $dir/root/put/; client_max_body_size 1k; dav_methods PUT; }
        location /moved-put { client_max_body_size 0; return 307 /put/moved; }
        location /see-other { return 303 /cookies; }
        location /stream/ {
            proxy_pass http://127.0.0.1:$echo_port/; proxy_http_version 1.1;
            proxy_request_buffering off; client_max_body_size 0;
        }
        location /set {
            add_header Set-Cookie "lasting=1; Path=/; Max-Age=3600; HttpOnly";
            add_header Set-Cookie "session=two words; Path=/";
            add_header Set-Cookie "deep=3; Path=/deep; Max-Age=3600";
            add_header Set-Cookie "sealed=4; Path=/; Secure; Max-Age=3600";
            add_header Set-Cookie "foreign=5; Domain=example.com; Path=/";
            return 200 set;
        }
        location /forget { add_header Set-Cookie "lasting=; Path=/; Max-Age=0"; return 302 /cookies; }
        location /cookies { return 200 "\$http_cookie\n"; }
        location /deep/ { return 200 "\$http_cookie\n"; }
    }
    server { listen 127.0.0.1:$tls12_port ssl; ssl_protocols TLSv1.2; root $dir/root; }
    server { listen 127.0.0.1:$tls11_port ssl; ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; root $dir/root; }
    server { listen 127.0.0.1:$mutual_port ssl; ssl_verify_client on; root $dir/root; }
    server { listen 127.0.0.1:$other_port ssl; ssl_certificate $dir/other.pem; ssl_certificate_key $dir/other.key; root $dir/root; }
    server { listen 127.0.0.1:$late_port ssl; ssl_certificate $dir/late.pem; ssl_certificate_key $dir/late.key; root $dir/root; }
}
CONF
start "$plain_port" nginx.log nginx -c "$dir/nginx.conf"
plain=http://127.0.0.1:$plain_port
secure=https://localhost:$secure_port
mutual=https://localhost:$mutual_port
echo "$(nginx -v 2>&1), $(curl --version | head -n 1 | cut -d" " -f1,2)"

lighttpd=
if has lighttpd; then
    next_port
    mkdir -p root/{md5,sha256,both}
    for folder in md5 sha256 both; do cp root/private/page root/$folder/; done
    echo alice:wonderland >plain-users
    cat >lighttpd.conf <<CONF
server.document-root = "$dir/root"
server.bind = "127.0.0.1"
server.port = $port
server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog")
accesslog.filename = "$dir/lighttpd-access.log"
accesslog.format = "%{Authorization}i"
auth.backend = "plain"
auth.backend.plain.userfile = "$dir/plain-users"
auth.require = (
    "/md5/" => ("method" => "digest", "realm" => "test", "require" => "valid-user", "algorithm" => "MD5"),
    "/sha256/" => ("method" => "digest", "realm" => "test", "require" => "valid-user", "algorithm" => "SHA-256"),
    "/both/" => ("method" => "digest", "realm" => "test", "require" => "valid-user", "algorithm" => "MD5|SHA-256"),
)
CONF
    start "$port" lighttpd.log lighttpd -D -f lighttpd.conf && lighttpd=http://127.0.0.1:$port || true
    lighttpd_pid=${servers[-1]}
fi

apache=
if has apache2; then
    next_port
    mkdir -p dav locks && chmod 777 dav locks
    printf 'alice:test:%s\n' "$(printf alice:test:wonderland | md5sum | cut -d' ' -f1)" >digest-users
    {
        for module in mpm_event authn_core authn_file authz_core authz_user auth_digest dav dav_fs deflate filter alias; do
            echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
        done
        cat <<CONF
$(! is_root || printf 'User games\nGroup games\n')
ServerName localhost
ServerRoot $dir
Listen 127.0.0.1:$port
PidFile $dir/apache.pid
DefaultRuntimeDir $dir
ErrorLog $dir/apache-error.log
DocumentRoot $dir/root
DavLockDB $dir/locks/db
Alias /dav $dir/dav
<Location /dav>
    Dav On
    AuthType Digest
    AuthName test
    AuthUserFile $dir/digest-users
    Require valid-user
</Location>
<Location /numbers>
    SetOutputFilter DEFLATE
</Location>
CONF
    } >apache.conf
    start "$port" apache.log apache2 -D FOREGROUND -f "$dir/apache.conf" && apache=http://127.0.0.1:$port || true
fi
