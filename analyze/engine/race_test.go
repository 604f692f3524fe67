//go:build race

package engine

const raced = true // the race detector is on
