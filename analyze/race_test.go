//go:build race

package analyze

const raced = true // the race detector is on
