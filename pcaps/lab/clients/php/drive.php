<?php
// Ten requests at the times the mode asks for; see ../node/drive.js.
//
//   php CLIENT.php MODE URL
//   php CLIENT.php lines
[, $mode, $base] = $argv + [2 => ''];
$when = explode('-', $mode)[0];
$big = $when === 'unread' || $when === 'drained';

function path(int $i): string {
    global $when;
    return '/' . (['unread' => 'huge', 'drained' => 'big'][$when] ?? 'item') . '/' . $i;
}

// how is what TCPWARM_SCENARIO asks for. A client of "lines" gets URLs that came together,
// and asks again with credentials where the status is 401.
function how(): array {
    $scenario = (string) getenv('TCPWARM_SCENARIO');
    $how = ['method' => 'GET', 'headers' => [], 'body' => null, 'read' => !str_starts_with($scenario, 'unread')];
    if ($scenario === 'head') $how['method'] = 'HEAD';
    if ($scenario === 'not-modified') $how['headers'] = ['If-None-Match' => '"1"'];
    if ($scenario === 'expect-continue') $how = ['method' => 'POST', 'headers' => ['Expect' => '100-continue'], 'body' => 'a body'] + $how;
    return $how;
}

// drive asks one by one; a client of "parallel" is given five paths at once.
function drive(array $clients): void {
    global $mode, $when, $big;
    $get = $clients[$mode] ?? exit("no mode $mode\n");
    if ($mode === 'lines') {
        while (($some = fread(STDIN, 65536)) != '') $get(explode("\n", trim($some)), how());
        return;
    }
    if ($when === 'parallel') {
        foreach ([1, 6] as $first) {
            $get(array_map('path', range($first, $first + 4)));
            usleep(50_000);
        }
        return;
    }
    for ($i = 1; $i <= 10; $i++) {
        $get(path($i));
        usleep($when === 'idle' && $i === 5 ? 600_000 : ($big ? 60_000 : 10_000));
    }
}
