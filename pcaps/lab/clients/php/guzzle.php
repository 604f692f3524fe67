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

drive([
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
