// ky, which is fetch within.
import ky from 'ky';
import {base, drive} from './drive.js';

const get = path => ky.get(base + path).text();

drive({
  default: get,
  shared: get, // there is only one dispatcher
  parallel: get,
  unread: path => ky.get(base + path),
  drained: get,
  idle: get,
});
