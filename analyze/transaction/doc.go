// Package transaction pairs requests with responses and times their phases.
//
// Messages of both directions of one connection come in, in stream order;
// transactions go out, each once, when its end is known.
package transaction
