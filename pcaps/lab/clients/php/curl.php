<?php
// PHP's curl: a handle for each request, one handle, handles that share, and a multi handle.
require __DIR__ . '/drive.php';

function made(string $url, array $more = []): CurlHandle {
    $c = curl_init($url);
    curl_setopt_array($c, [CURLOPT_RETURNTRANSFER => true, CURLOPT_CAINFO => getenv('SSL_CERT_FILE')] + $more);
    return $c;
}

function done(CurlHandle $c): void {
    if (curl_exec($c) === false) {
        fwrite(STDERR, curl_error($c) . "\n");
        exit(1);
    }
}

$one = made($base);
$shared = function ($path) use ($base, $one) {
    curl_setopt($one, CURLOPT_URL, $base . $path);
    done($one);
};
$share = curl_share_init();
curl_share_setopt($share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
$multi = curl_multi_init();

// asked is a handle that does what a scenario asks for.
function asked(string $url, array $how, array $more = []): CurlHandle {
    $fields = array_map(fn($name, $value) => "$name: $value", array_keys($how['headers']), $how['headers']);
    $set = [CURLOPT_HTTPHEADER => $fields, CURLOPT_FOLLOWLOCATION => true, CURLOPT_NOBODY => $how['method'] === 'HEAD'];
    if ($how['body'] !== null) $set[CURLOPT_POSTFIELDS] = $how['body'];
    if (!$how['read']) $set[CURLOPT_WRITEFUNCTION] = fn($c, $data) => 0; // takes nothing, which ends the transfer
    return made($url, $more + $set);
}

function together(CurlMultiHandle $multi, array $all): void {
    foreach ($all as $c) curl_multi_add_handle($multi, $c);
    do {
        curl_multi_exec($multi, $running);
        while ($done = curl_multi_info_read($multi))
            if ($done['result'] !== CURLE_OK) fwrite(STDERR, curl_strerror($done['result']) . "\n");
        curl_multi_select($multi, 0.05);
    } while ($running);
    foreach ($all as $c) curl_multi_remove_handle($multi, $c);
}

$lines = function (array $urls, array $how) use ($multi) {
    $all = array_map(fn($url) => asked($url, $how), $urls);
    together($multi, $all);
    $basic = [CURLOPT_USERPWD => getenv('TCPWARM_USER') . ':' . getenv('TCPWARM_PASSWORD')];
    $again = array_filter($all, fn($c) => curl_getinfo($c, CURLINFO_RESPONSE_CODE) === 401);
    together($multi, array_map(fn($c) => asked(curl_getinfo($c, CURLINFO_EFFECTIVE_URL), $how, $basic), $again));
};

drive([
    'lines' => $lines,
    'deadline' => function ($path) use ($base, $one) {
        curl_setopt_array($one, [CURLOPT_URL => $base . $path, CURLOPT_TIMEOUT_MS => 300]);
        if (curl_exec($one) === false && curl_errno($one) !== CURLE_OPERATION_TIMEDOUT) exit(curl_error($one));
    },
    'default' => fn($path) => done(made($base . $path)),
    'shared' => $shared,
    'drained' => $shared,
    'idle' => $shared,
    'share' => fn($path) => done(made($base . $path, [CURLOPT_SHARE => $share])),
    'close' => fn($path) => done(made($base . $path, [CURLOPT_SHARE => $share, CURLOPT_FORBID_REUSE => true])),
    'unread' => function ($path) use ($base, $one) { // a callback that takes nothing ends the transfer
        curl_setopt_array($one, [CURLOPT_URL => $base . $path, CURLOPT_WRITEFUNCTION => fn($c, $data) => 0]);
        curl_exec($one);
    },
    'parallel' => function ($paths) use ($base, $multi) {
        together($multi, array_map(fn($p) => made($base . $p), $paths));
    },
]);
