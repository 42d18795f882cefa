package main

import "syscall"

// lockMemory keeps codes out of core dumps, and other processes of the same user
// from reading this one's memory (prctl(2), PR_SET_DUMPABLE).
func lockMemory() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return err
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
