// axios, on Node's agents.
const axios = require('axios');
const {base, drive} = require('./drive');
const {Agent} = require(base.startsWith('https') ? 'https' : 'http');

const keep = () => { const a = new Agent({keepAlive: true}); return {httpAgent: a, httpsAgent: a}; };
const one = axios.create({baseURL: base, ...keep()});
const two = [keep(), keep()];
let n = 0;

drive({
  default: path => axios.get(base + path),
  shared: path => one.get(path),
  parallel: path => one.get(path),
  unread: path => one.get(path, {responseType: 'stream'}),
  idle: path => one.get(path),
  drained: path => one.get(path),
  each: path => axios.get(base + path, keep()),
  two: path => axios.get(base + path, two[n++ % 2]),
});
