//go:build cgo && linux && (amd64 || arm64)

package native

/*
#cgo LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdint.h>

typedef uintptr_t word;

static word open_library(const char *name) { return (word)dlopen(name, RTLD_NOW | RTLD_LOCAL); }
static word symbol(word library, const char *name) { return (word)dlsym((void *)library, name); }

// All functions of the driver that we call take integers and pointers only, twelve at most, and return an int: one prototype serves
// them. The context is set for the thread that runs this, which the next call may not.
static int call(word set, word context, word f, const word *a) {
	if (context != 0) {
		int failed = ((int (*)(word))set)(context);
		if (failed) return failed;
	}
	return ((int (*)(word, word, word, word, word, word, word, word, word, word, word, word))f)(
		a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// openLibrary opens the first of the libraries that there is.
func openLibrary(names []string) (library uintptr, err error) {
	for _, name := range names {
		text := append([]byte(name), 0)
		if l := C.open_library((*C.char)(unsafe.Pointer(&text[0]))); l != 0 {
			return uintptr(l), nil
		}
		if err == nil {
			err = fmt.Errorf("NVIDIA's driver is not installed: %s", C.GoString(C.dlerror()))
		}
	}
	return 0, err
}

// symbol returns the address of a function, or 0.
func symbol(library uintptr, name string) uintptr {
	text := append([]byte(name), 0)
	return uintptr(C.symbol(C.word(library), (*C.char)(unsafe.Pointer(&text[0]))))
}

// call calls f in a context, which set makes the current one; in none if it is 0.
func call(set, context, f uintptr, a *[arguments]uintptr) int {
	return int(C.call(C.word(set), C.word(context), C.word(f), (*C.word)(unsafe.Pointer(a))))
}
