//go:build !cudafake

package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/native"
)

// find returns the driver that is installed.
func find() (driver.Driver, error) { return native.Open() }
