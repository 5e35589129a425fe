//go:build !unix

package mmap

import "os"

const canMap = false

func mapFile(*os.File, int) ([]byte, error) { panic("mmap: no mapping on this platform") }

type identity struct{}

func identify(*os.File) (identity, error) { panic("mmap: no mapping on this platform") }

func (identity) rewritten(identity) bool { panic("mmap: no mapping on this platform") }

func duplicate(*os.File) (*os.File, error) { panic("mmap: no mapping on this platform") }

func unmap([]byte) error { panic("mmap: no mapping on this platform") }

func evict([]byte) {}

func prefetch([]byte) {}
