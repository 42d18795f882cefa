package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
)

func (s *session) versionCommand() *cli.Command {
	return &cli.Command{Name: "version", Usage: "print the version", ArgsUsage: " ", Action: s.version}
}

func (s *session) version(*cli.Context) error {
	_, err := fmt.Fprintf(s.Out, "freehold %s (%s, %s/%s)\n", programVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// programVersion is the stamp of the build, or the version of the module.
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}
