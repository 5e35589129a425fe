package face

import (
	_ "embed"
	"sync"

	pigo "github.com/esimov/pigo/core"
)

// The cascades are pigo's, see NOTICE.
var (
	//go:embed cascade/facefinder
	finderFile []byte
	//go:embed cascade/puploc
	eyeFile []byte
	//go:embed cascade/lp93
	noseFile []byte
	//go:embed cascade/lp84
	mouthFile []byte
)

// loaded are the unpacked cascades. pigo trusts the files that it unpacks, as we trust those that we embed.
type loaded struct {
	finder           *pigo.Pigo
	eye, nose, mouth *regressor
}

var cascades = sync.OnceValue(func() loaded {
	finder, err := pigo.NewPigo().Unpack(finderFile)
	if err != nil {
		panic(err)
	}
	return loaded{finder, newRegressor(eyeFile), newRegressor(noseFile), newRegressor(mouthFile)}
})
