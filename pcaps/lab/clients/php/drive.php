<?php
// Ten requests at the times the mode asks for; see ../node/drive.js.
//
//   php CLIENT.php MODE URL
[, $mode, $base] = $argv;
$when = explode('-', $mode)[0];
$big = $when === 'unread' || $when === 'drained';

function path(int $i): string {
    global $when;
    return '/' . (['unread' => 'huge', 'drained' => 'big'][$when] ?? 'item') . '/' . $i;
}

// drive asks one by one; a client of "parallel" is given five paths at once.
function drive(array $clients): void {
    global $mode, $when, $big;
    $get = $clients[$mode] ?? exit("no mode $mode\n");
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
