// request, which has been deprecated since 2020 and is still everywhere.
const fs = require('fs');
const request = require('request');
const {base, deadline, drive, late} = require('./drive');

const get = (path, options) => new Promise((ok, no) => request(base + path, options, e => e ? no(e) : ok()));
const unread = path => new Promise((ok, no) => request(base + path, {forever: true}).on('response', r => { r.pause(); ok(); }).on('error', no));
const ca = () => fs.readFileSync(process.env.NODE_EXTRA_CA_CERTS);
const ask = (url, {method, headers, body, read}) => new Promise((ok, no) => {
  const q = request({url, method, headers, body, forever: true, followRedirect: true}, (e, r) => e ? no(e) : ok(r.statusCode));
  if (!read) q.on('response', r => { ok(r.statusCode); q.abort(); });
});

drive({
  default: path => get(path, {}),
  shared: path => get(path, {forever: true}),
  parallel: path => get(path, {forever: true}),
  unread,
  idle: path => get(path, {forever: true}),
  deadline: path => get(path, {forever: true, timeout: deadline}).catch(late),
  lines: ask,
  drained: path => get(path, {forever: true}),
  ca: path => get(path, {ca: ca()}),
  'ca-forever': path => get(path, {ca: ca(), forever: true}),
});
