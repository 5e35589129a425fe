package faceclip

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// freeMemory returns the bytes that programs can take without swapping.
func freeMemory() int64 {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return math.MaxInt64
	}
	for line := range bytes.Lines(info) {
		var kilobytes int64
		if _, err := fmt.Sscanf(string(line), "MemAvailable: %d kB", &kilobytes); err == nil {
			return min(kilobytes<<10, groupLimit())
		}
	}
	return math.MaxInt64
}

// groupLimit returns the limit of the process's control group. What the group uses already is not subtracted: most
// of it is cached files, weights among them.
func groupLimit() int64 {
	text, err := os.ReadFile("/sys/fs/cgroup/memory.max")
	if err != nil {
		return math.MaxInt64
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return math.MaxInt64 // "max"
	}
	return limit
}
