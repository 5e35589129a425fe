//go:build !cgo || !linux || !(amd64 || arm64)

package native

import (
	"fmt"
	"runtime"
)

// openLibrary says why this program cannot open one.
func openLibrary([]string) (uintptr, error) {
	if runtime.GOOS == "linux" && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64") {
		return 0, fmt.Errorf("this program was built without cgo, which calls the driver: build it with CGO_ENABLED=1 and a C compiler")
	}
	return 0, fmt.Errorf("the driver is called on linux/amd64 and linux/arm64 only, not on %s/%s", runtime.GOOS, runtime.GOARCH)
}

func symbol(uintptr, string) uintptr { return 0 }

func call(_, _, _ uintptr, _ *[arguments]uintptr) int { return 0 }
