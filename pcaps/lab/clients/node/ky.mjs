// ky, which is fetch within.
import ky from 'ky';
import {base, deadline, drive, late} from './drive.js';

const get = path => ky.get(base + path).text();
const ask = async (url, {method, headers, body, read}) => {
  const r = await ky(url, {method, headers, body, throwHttpErrors: false});
  await (read ? r.text() : r.body?.cancel());
  return r.status;
};
ask.expects = false; // it says so

drive({
  default: get,
  shared: get, // there is only one dispatcher
  parallel: get,
  unread: path => ky.get(base + path),
  drained: get,
  idle: get,
  deadline: path => ky.get(base + path, {timeout: deadline, retry: 0}).text().catch(late),
  lines: ask,
});
