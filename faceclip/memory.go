package faceclip

import (
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"strings"
)

// freeMemory returns the bytes that the program can take without swapping, or more than any machine has where it does not know:
// anywhere but on Linux.
func freeMemory() int64 {
	root := os.DirFS("/")
	return min(available(root), groupLimit(root))
}

// available returns what the system has for programs.
func available(root fs.FS) int64 {
	for line := range lines(root, "/proc/meminfo") {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "MemAvailable: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return math.MaxInt64
}

// lines gives the lines of a file; none, if there is no such file.
func lines(root fs.FS, file string) iter.Seq[string] {
	text, err := fs.ReadFile(root, strings.TrimPrefix(file, "/"))
	if err != nil {
		return func(func(string) bool) {}
	}
	return strings.Lines(string(text))
}
