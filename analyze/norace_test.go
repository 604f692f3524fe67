//go:build !race

package analyze

const raced = false // the race detector is off
