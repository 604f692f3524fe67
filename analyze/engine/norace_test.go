//go:build !race

package engine

const raced = false // the race detector is off
