package cuda

import (
	"errors"
	"fmt"
	"sync"

	"github.com/faceclip-go/faceclip-go/backend"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// A failure is the first error since the last Sync. That there is no memory passes; any other error of the driver stays: the context
// is lost, with all memory and all kernels in it.
type failure struct {
	mu   sync.Mutex
	err  error
	lost bool
}

// fail keeps the first error.
func (b *Backend) fail(err error) {
	if err == nil {
		return
	}
	f := &b.failure
	f.mu.Lock()
	defer f.mu.Unlock()
	switch passes := isMemory(err) || outOfMemory(err); {
	case f.lost:
	case !passes:
		f.lost, f.err = true, fmt.Errorf("%s: the device cannot be used any more; open it again: %w", b.name, err)
	case f.err == nil:
		f.err = err
	}
}

// happened reports whether there was an error since the last Sync.
func (f *failure) happened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err != nil
}

// final returns the error that stays.
func (f *failure) final() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost {
		return f.err
	}
	return nil
}

// take returns the error, and forgets one that passes.
func (f *failure) take() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.err
	if !f.lost {
		f.err = nil
	}
	return err
}

func isMemory(err error) bool {
	var e *backend.MemoryError
	return errors.As(err, &e)
}

// outOfMemory reports whether an error of the driver says what isMemory does.
func outOfMemory(err error) bool {
	var code *driver.Error
	return errors.As(err, &code) && code.Code == driver.OutOfMemory
}
