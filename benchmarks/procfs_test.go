package benchmarks

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// status returns a figure of /proc/self/status, in bytes.
func status(t *testing.T, field string) int64 {
	t.Helper()
	n, err := readStatus(field)
	if err != nil {
		t.Skip(err) // not Linux
	}
	return n
}

// diskReads returns the bytes that this process has made the disk read.
func diskReads(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip(err)
	}
	for line := range bytes.Lines(text) {
		var n int64
		if _, err := fmt.Sscanf(string(line), "read_bytes: %d", &n); err == nil {
			return n
		}
	}
	t.Skip("/proc/self/io has no read_bytes")
	return 0
}

func readStatus(field string) (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		var kilobytes int64
		if _, err := fmt.Sscanf(string(line), field+": %d kB", &kilobytes); err == nil {
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", field)
}

// resetPeak makes VmHWM begin anew.
func resetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Logf("VmHWM counts from the start of the process: %v", err)
	}
}

// watch samples a figure every 10 ms until the function returned is called, which returns the largest.
func watch(t *testing.T, field string) (largest func() int64) {
	t.Helper()
	var peak atomic.Int64
	peak.Store(status(t, field))
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				if n, err := readStatus(field); err == nil && n > peak.Load() {
					peak.Store(n)
				}
			}
		}
	}()
	return func() int64 {
		close(done)
		<-stopped
		return peak.Load()
	}
}
