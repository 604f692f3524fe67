// got, on Node's agents.
import http from 'node:http';
import https from 'node:https';
import got from 'got';
import {base, drive} from './drive.js';

const keep = () => ({http: new http.Agent({keepAlive: true}), https: new https.Agent({keepAlive: true})});
const one = got.extend({agent: keep()});
const off = got.extend({agent: {http: new http.Agent({keepAlive: false}), https: new https.Agent({keepAlive: false})}});
const stream = path => new Promise((ok, no) => one.stream(base + path).on('response', ok).on('error', no));

drive({
  default: path => got(base + path),
  shared: path => one(base + path),
  parallel: path => one(base + path),
  unread: stream,
  drained: path => one(base + path),
  idle: path => one(base + path),
  each: path => got(base + path, {agent: keep()}),
  off: path => off(base + path),
});
