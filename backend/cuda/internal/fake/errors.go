package fake

import (
	"errors"
	"fmt"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
)

// Codes of the driver that package driver does not name.
type code struct {
	number int
	name   string
}

var (
	badValue       = code{1, "CUDA_ERROR_INVALID_VALUE"}
	noMemory       = code{driver.OutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"}
	invalidContext = code{201, "CUDA_ERROR_INVALID_CONTEXT"}
	invalidPTX     = code{driver.InvalidPTX, "CUDA_ERROR_INVALID_PTX"}
	invalidHandle  = code{400, "CUDA_ERROR_INVALID_HANDLE"}
	notFound       = code{500, "CUDA_ERROR_NOT_FOUND"}
	illegalAddress = code{700, "CUDA_ERROR_ILLEGAL_ADDRESS"}
	launchFailed   = code{719, "CUDA_ERROR_LAUNCH_FAILED"}
)

// fault returns an error of the driver. Why, if it is known, is what a GPU would not say.
func fault(call string, c code, why error) error {
	err := &driver.Error{Call: call, Code: c.number, Name: c.name}
	if why == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, why)
}

func invalidValue(call, why string) error { return fault(call, badValue, errors.New(why)) }
