package sampler

import "math"

// A Schedule lists the steps of sampling, from pure noise to the picture.
type Schedule struct {
	Timesteps []float32 // what the network is told, for each step
	Sigmas    []float32 // noise level before each step and after the last one
	// Aims are the levels that steps head for before they add noise; nil: those that follow.
	Aims      []float32
	Mix       Mix
	Predicts  Prediction
	InitScale float32 // what standard normal noise is multiplied by to be the latent before the first step
}

// A Mix says how the latent at noise level σ is made of a picture and standard normal noise.
type Mix int

const (
	Added      Mix = iota // picture + σ·noise
	Preserving            // the same divided by √(σ²+1): the variance stays 1
	Straight              // (1-σ)·picture + σ·noise, of flow matching
)

// A Prediction is what a network makes of a latent.
type Prediction int

const (
	Noise    Prediction = iota // the noise in it
	Velocity                   // of diffusion at an angle: cos·noise - sin·picture, where the latent of variance 1 is cos·picture + sin·noise
	Picture                    // the picture in it
	Flow                       // the derivative of a straight mix: noise - picture
)

// at returns where call number call of step i is: later calls are at later levels.
func (s *Schedule) at(i, call int) At {
	at := At{Step: i, Call: call, Sigma: s.Sigmas[i+call], T: s.Timesteps[i+call], Scale: 1}
	if s.Mix != Straight {
		a, b := s.parts(at.Sigma)
		at.Scale = float32(1 / math.Sqrt(a*a+b*b))
	}
	return at
}

// last reports whether step i is the last.
func (s *Schedule) last(i int) bool { return i == len(s.Timesteps)-1 }

// aim returns the level that step i heads for.
func (s *Schedule) aim(i int) float32 {
	if s.Aims != nil {
		return s.Aims[i]
	}
	return s.Sigmas[i+1]
}

// parts returns how much of the picture and of noise is in a latent. The level may be infinite where variance is preserved.
func (s *Schedule) parts(sigma float32) (picture, noise float64) {
	level := float64(sigma)
	switch s.Mix {
	case Preserving:
		return 1 / math.Sqrt(1+level*level), 1 / math.Sqrt(1+1/(level*level))
	case Straight:
		return 1 - level, level
	}
	return 1, level
}

// lambda returns half the logarithm of the ratio of signal to noise, from -Inf to Inf.
func (s *Schedule) lambda(sigma float32) float64 {
	picture, noise := s.parts(sigma)
	return math.Log(picture) - math.Log(noise)
}

// picture returns how much of a latent and of what the network makes of it is the picture in it.
func (s *Schedule) picture(sigma float32) (ofX, ofOutput float64) {
	a, b := s.parts(sigma)
	square := a*a + b*b
	switch s.Predicts {
	case Noise:
		return 1 / a, -b / a
	case Velocity:
		return a / square, -b / math.Sqrt(square)
	case Flow:
		return 1, -b
	}
	return 0, 1
}

// noise returns how much of a latent and of what the network makes of it is the noise in it.
func (s *Schedule) noise(sigma float32) (ofX, ofOutput float64) {
	a, b := s.parts(sigma)
	square := a*a + b*b
	switch s.Predicts {
	case Noise:
		return 0, 1
	case Velocity:
		return b / square, a / math.Sqrt(square)
	case Flow:
		return 1, a
	}
	return 1 / b, -a / b
}

// moved returns how much of a latent at one level and of what the network makes of it is, made of the same picture and noise, the
// latent at another. It comes from the output itself: by way of a derivative, large levels would lose digits.
func (s *Schedule) moved(from, to float32) (ofX, ofOutput float64) {
	picture, noise := s.parts(to)
	switch s.Predicts {
	case Noise:
		a, b := s.parts(from)
		return picture / a, noise - b*(picture/a)
	case Flow:
		return 1, float64(to) - float64(from)
	}
	x, output := s.picture(from)
	x2, output2 := s.noise(from)
	return picture*x + noise*x2, picture*output + noise*output2
}

// derivative returns how much of a latent and of what the network makes of it is the change of the latent with σ, where variance
// is not preserved.
func (s *Schedule) derivative(sigma float32) (ofX, ofOutput float64) {
	if s.Mix == Straight {
		return 0, 1
	}
	return s.noise(sigma)
}
