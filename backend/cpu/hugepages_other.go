//go:build unix && !linux

package cpu

func preferHugePages([]byte) {}
