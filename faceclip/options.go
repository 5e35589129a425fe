package faceclip

import (
	"image"
	"log/slog"
	"time"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// Options say how a pipeline is opened. The zero value means the defaults.
type Options struct {
	// Base is the folder of the base model, stabilityai/stable-diffusion-xl-base-1.0 or black-forest-labs/FLUX.1-dev, where the
	// model's folder holds the .pt files that the reference downloads.
	Base string
	// Device is the name of a backend that is linked into the program, such as "cuda:0" where it imports backend/cuda; "auto" is
	// such a device if there is one, else the CPU. The default is "cpu".
	Device string
	// Weights is the element type of the weights of the linear layers of denoiser and text encoders: as stored by default, or
	// tensor.I8. Weights that are not stored as int8 are then made so by Open, which takes memory of its own: see [Convert].
	Weights tensor.DType
	// Compute is what products of matrices, convolutions and attention compute with: tensor.F32; tensor.BF16, which a GPU has
	// activations of, and to which the CPU rounds operands; or, on the CPU, tensor.I8: operands of most layers of the denoiser are
	// integers of eight bits, others bfloat16 where the processor has that. Their weights are made so by Open, which takes memory
	// of its own. Some layers are exact in all of them: see docs/numerics.md. The default is BF16 on a GPU, else F32.
	Compute tensor.DType
	// Memory limits resident memory, in bytes; the default is what the machine has free or, if that is less, what control groups allow
	// the program (of Linux, version 1 or 2), less a tenth. A request whose
	// private bytes exceed it gets a *backend.MemoryError before anything runs; so does Open. Of mapped weights that do not
	// fit beside those, some blocks stay in memory and the others are read each time they are used: see [StagePlan]. That
	// takes two blocks at least, 1.4 GB of the published FaceT5-FLUX. All are given back at the end of their stage.
	Memory int64
	// DeviceMemory limits the memory of a device that has its own, as Memory does that of the host; the default is what it has
	// free, less a tenth. It holds activations, and copies of weights in the type of Compute.
	DeviceMemory int64
	// Workers is the number of goroutines that compute; 4096 at most; the default is GOMAXPROCS.
	Workers int
	// Log, if set, is told at level Info what was opened, what each drawing is going to take, and how long its stages took; at level
	// Debug, of each component, too. It is told neither prompts nor anything of pictures. An error is for the caller to log.
	Log *slog.Logger
}

// A Request says what to draw. The zero value of a field means its default, where it has one.
type Request struct {
	// Face is an aligned crop of the person's face, used as it is, and Faces are several. Photo is any photo with the person, whose
	// face is found and aligned, and Photos are several. What the network sees in each of several is averaged, which is an
	// extension of ours. One of the four at most; none: text only.
	Face   image.Image
	Faces  []image.Image
	Photo  image.Image
	Photos []image.Image
	// Person says who it is where a photo has several people: "largest", or an index into what [face.Find] returns, such as
	// "0" for the best. Empty: there must be one.
	Person string
	Prompt string

	Width    int   // pixels, a multiple of 8 (FaceT5-FLUX: 16); default 864
	Height   int   // pixels, a multiple of 8 (FaceT5-FLUX: 16); default 1152
	Steps    int   // 1 to 1000; default 50
	Seed     int64 // of the noise; 0 is seed 0. The low 32 bits count, as in PyTorch: a uint64 is converted by int64(seed)
	Guidance Guidance

	// Sampler is how steps are taken: of FaceCLIP-SDXL "euler", "euler-ancestral", "heun" (which asks the denoiser twice a step),
	// "dpm++2m", "dpm++2m-sde", "dpm++2s", "dpm++sde", "ddim", "unipc" and, of distilled models, "lcm" and "tcd"; of FaceT5-FLUX
	// "euler", "heun" and "dpm++2m". The default is the one that scheduler/scheduler_config.json names, with its other fields;
	// another one is what diffusers makes of that file by from_config.
	Sampler string
	// Schedule is which noise levels steps visit: "leading", "trailing", "linspace", "karras", "exponential" or "beta"; of FaceT5-FLUX
	// "static", "dynamic" or one of the last three. Not every sampler has each. The default is the one of scheduler_config.json.
	Schedule string

	// Noise is whose numbers of bfloat16 the generator draws: those of "torch-2.6", the default, or of "torch-2.15", which draws
	// other ones from the same seed. docs/numerics.md says which version of PyTorch is which.
	Noise string

	// Condition takes the place of Face, Faces, Photo, Photos, Prompt and Guidance.Negative: see [Pipeline.Encode].
	Condition *Condition

	// Progress, if set, is called when a stage begins, after each step, and at the end: by Generate and by Encode, whose steps are
	// the prompts. It and Observe are part of the call: in them another call to the pipeline that draws or encodes, or Close, would
	// wait for itself.
	Progress func(Progress)
	// Observe, if set, gets every named intermediate as a compact host copy, valid during the call.
	Observe func(stage string, t tensor.Tensor)
}

// Guidance is how a picture is led towards the prompt, and away from another one (classifier-free guidance).
type Guidance struct {
	// Scale is how far; default 5 (FaceT5-FLUX: 3.5). Up to 1 there is no guidance, and Negative is not used; nor is it by models
	// that were distilled to be told the scale.
	Scale    float32
	Negative *string // what to stay away from; nil: the reference's text. An empty text is a choice of its own

	// From and Until are fractions of the run, 0 to 1, between which there is guidance: for steps whose middle is there. The others
	// take half the operations. The default of Until is 1.
	From, Until float32
	// Rescale is how much of the contrast that guidance adds is taken back, 0 to 1 (Lin et al., φ in section 3.4).
	Rescale float32
}

// Progress says how far a call of Generate or Encode is.
type Progress struct {
	Stage       Stage // the one that goes on from here
	Step, Steps int   // steps done, of all; of Encode, prompts
	Elapsed     time.Duration
	Remaining   time.Duration // an estimate; 0 where there is none yet

	// Preview decodes the picture that the pipeline heads for at this point, from a latent shrunk to 32×32 at most.
	// It may be called during the callback only, and is nil unless a step has just been done.
	Preview func() (image.Image, error)
}
