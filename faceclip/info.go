package faceclip

import "github.com/faceclip-go/faceclip-go/tensor"

// Info says what a pipeline is.
type Info struct {
	System string // FaceCLIP-SDXL or FaceT5-FLUX
	// Fingerprint tells the weights from others, in 64 hexadecimal digits. It is the SHA-256 of the names, the types and the shapes of
	// all tensors and, of 16 matrices of each component, of the first eight numbers, as they are in the files: training changes
	// it. Models that differ in other numbers only have the same. So have copies of a model in other shards or,
	// unless they have transposed tensors, .pt files.
	Fingerprint string
	Device      string       // such as cpu or cuda:0
	Kernels     string       // those of the CPU that are in use, such as avx512; empty: the device has one kind
	Activations tensor.DType // their element type
	Compute     tensor.DType // what products round their operands to; F32: they do not
	Multiple    int          // Width and Height of a request are multiples of it, in pixels
	// The largest Width and Height, Steps, number of Faces or Photos, and bytes of a prompt that a request can have.
	MaxSide, MaxSteps, MaxPhotos, MaxPrompt int
	Memory, DeviceMemory                    int64 // limits, in bytes; the latter is 0 where the device has no memory of its own
	Held                                    int64 // bytes of memory that are taken while nothing is drawn
}

// Info says what the pipeline is; after Close, what it was.
func (p *Pipeline) Info() Info { return p.info }

func (p *Pipeline) describe() Info {
	i := Info{
		System: p.system.name, Fingerprint: p.folder.Fingerprint(),
		Device: p.backend.Name(), Activations: p.types.Act, Compute: p.types.Compute,
		Multiple: p.system.layout.multiple(), MaxSide: maxSide, MaxSteps: maxSteps, MaxPhotos: maxPhotos, MaxPrompt: maxPrompt,
		Memory: p.limit, Held: p.held(),
	}
	if b, ok := p.backend.(interface{ Kernels() string }); ok {
		i.Kernels = b.Kernels()
	}
	if p.holder != nil {
		i.DeviceMemory = p.holder.Limit()
	}
	return i
}
