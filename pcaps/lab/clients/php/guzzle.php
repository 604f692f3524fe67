<?php
// Guzzle: a Client for each request, as in its manual's first example, and one Client.
require 'GuzzleHttp/autoload.php';
require __DIR__ . '/drive.php';

use GuzzleHttp\Client;
use GuzzleHttp\Handler\CurlMultiHandler;
use GuzzleHttp\HandlerStack;
use GuzzleHttp\Promise;

$options = ['verify' => getenv('SSL_CERT_FILE')];
$client = new Client($options);
$get = fn($path) => $client->get($base . $path);
$unread = [];
$at_once = fn(Client $client) => fn($paths) =>
    Promise\Utils::unwrap(array_map(fn($p) => $client->getAsync($base . $p), $paths));
$roomy = HandlerStack::create(new CurlMultiHandler(['options' => [CURLMOPT_MAXCONNECTS => 10]]));

$lines = function (array $urls, array $how) use ($client) {
    $options = ['headers' => $how['headers'], 'body' => $how['body'], 'http_errors' => false, 'stream' => !$how['read']];
    $one = fn($url, $more = []) => $client->requestAsync($how['method'], $url, $options + $more);
    $basic = ['auth' => [getenv('TCPWARM_USER'), getenv('TCPWARM_PASSWORD')]];
    $all = array_map(fn($url) => $one($url)->then(fn($r) => $r->getStatusCode() === 401 ? $one($url, $basic) : $r), $urls);
    foreach (Promise\Utils::settle($all)->wait() as $came)
        if ($came['state'] === 'rejected') fwrite(STDERR, $came['reason']->getMessage() . "\n");
};

drive([
    'lines' => $lines,
    'deadline' => function ($path) use ($client, $base) {
        try {
            $client->get($base . $path, ['timeout' => 0.3]);
        } catch (GuzzleHttp\Exception\ConnectException $e) {
            // given up: curl's time is over
        }
    },
    'default' => fn($path) => (new Client($options))->get($base . $path),
    'shared' => $get,
    'drained' => $get,
    'idle' => $get,
    'parallel' => $at_once($client),
    'parallel-max10' => $at_once(new Client($options + ['handler' => $roomy])),
    'unread' => function ($path) use ($client, $base, &$unread) {
        $unread[] = $client->get($base . $path, ['stream' => true]);
    },
    'stream' => fn($path) => $client->get($base . $path, ['stream' => true])->getBody()->getContents(),
    'close' => fn($path) => $client->get($base . $path, ['headers' => ['Connection' => 'close']]),
]);
