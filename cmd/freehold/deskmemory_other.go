//go:build !linux

package main

import "errors"

// lockMemory: see deskmemory_linux.go; elsewhere we know no way.
func lockMemory() error { return errors.ErrUnsupported }
