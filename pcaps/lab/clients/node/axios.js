// axios, on Node's agents.
const axios = require('axios');
const {base, deadline, drive, late} = require('./drive');
const {Agent} = require(base.startsWith('https') ? 'https' : 'http');

const keep = () => { const a = new Agent({keepAlive: true}); return {httpAgent: a, httpsAgent: a}; };
const one = axios.create({baseURL: base, ...keep()});
const two = [keep(), keep()];
let n = 0;

const agents = {httpAgent: new (require('http').Agent)({keepAlive: true}), httpsAgent: new (require('https').Agent)({keepAlive: true})};
const ask = async (url, {method, headers, body, read}) => {
  const r = await axios.request({url, method, headers, data: body, validateStatus: null, responseType: read ? 'text' : 'stream', ...agents});
  if (!read) r.data.destroy();
  return r.status;
};

drive({
  default: path => axios.get(base + path),
  shared: path => one.get(path),
  parallel: path => one.get(path),
  unread: path => one.get(path, {responseType: 'stream'}),
  idle: path => one.get(path),
  deadline: path => one.get(path, {timeout: deadline}).catch(late),
  lines: ask,
  drained: path => one.get(path),
  each: path => axios.get(base + path, keep()),
  two: path => axios.get(base + path, two[n++ % 2]),
});
