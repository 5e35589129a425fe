//go:build cudafake

package cuda

import (
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/fake"
)

// find returns a driver that needs no GPU, for programs that are built to be looked at.
func find() (driver.Driver, error) { return fake.New(fake.Options{Devices: 1}), nil }
