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

drive([
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
        $all = array_map(fn($p) => made($base . $p), $paths);
        foreach ($all as $c) curl_multi_add_handle($multi, $c);
        do {
            curl_multi_exec($multi, $running);
            curl_multi_select($multi, 0.05);
        } while ($running);
        foreach ($all as $c) curl_multi_remove_handle($multi, $c);
    },
]);
