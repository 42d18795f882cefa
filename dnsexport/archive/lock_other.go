//go:build !unix

package archive

import "os"

// lock holds a file open; where the system has no advisory locks, two runs at
// once are for the user to avoid.
func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, nil
}
