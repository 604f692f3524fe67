// got, on Node's agents.
import http from 'node:http';
import https from 'node:https';
import got from 'got';
import {base, deadline, drive, late} from './drive.js';

const keep = () => ({http: new http.Agent({keepAlive: true}), https: new https.Agent({keepAlive: true})});
const one = got.extend({agent: keep()});
const off = got.extend({agent: {http: new http.Agent({keepAlive: false}), https: new https.Agent({keepAlive: false})}});
const stream = path => new Promise((ok, no) => one.stream(base + path).on('response', ok).on('error', no));
const ask = async (url, {method, headers, body, read}) => {
  const options = {method, headers, body, throwHttpErrors: false, http2: true, retry: {statusCodes: []}};
  if (read) return (await got(url, options)).statusCode;
  return new Promise((ok, no) => got.stream(url, options).on('response', r => { ok(r.statusCode); r.destroy(); }).on('error', no));
};

drive({
  default: path => got(base + path),
  shared: path => one(base + path),
  parallel: path => one(base + path),
  unread: stream,
  drained: path => one(base + path),
  idle: path => one(base + path),
  deadline: path => one(base + path, {timeout: {request: deadline}, retry: {limit: 0}}).catch(late),
  lines: ask,
  each: path => got(base + path, {agent: keep()}),
  off: path => off(base + path),
});
