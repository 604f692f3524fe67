//go:build !unix

package main

import "os"

func inBackground(*os.File) bool { return false }
