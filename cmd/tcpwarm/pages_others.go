//go:build !linux

package main

// hugePages does nothing: this system gives them unasked, or not at all.
func hugePages() {}
