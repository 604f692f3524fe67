// request, which has been deprecated since 2020 and is still everywhere.
const fs = require('fs');
const request = require('request');
const {base, drive} = require('./drive');

const get = (path, options) => new Promise((ok, no) => request(base + path, options, e => e ? no(e) : ok()));
const unread = path => new Promise((ok, no) => request(base + path, {forever: true}).on('response', r => { r.pause(); ok(); }).on('error', no));
const ca = () => fs.readFileSync(process.env.NODE_EXTRA_CA_CERTS);

drive({
  default: path => get(path, {}),
  shared: path => get(path, {forever: true}),
  parallel: path => get(path, {forever: true}),
  unread,
  idle: path => get(path, {forever: true}),
  drained: path => get(path, {forever: true}),
  ca: path => get(path, {ca: ca()}),
  'ca-forever': path => get(path, {ca: ca(), forever: true}),
});
