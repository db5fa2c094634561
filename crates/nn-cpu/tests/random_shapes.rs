//! Products of random shapes against the reference.

use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::Orientation::{Keep, Transpose};
use nn_tensor::{Matrix, ReferenceTensor, Role, Shape, Tensor};
use proptest::prelude::*;

/// α op(a) op(b) + β c on any backend, from numbers that both hold exactly.
fn product<X: Tensor<Elem = f64>>(
    device: &X::Device,
    (rows, columns, inner): (usize, usize, usize),
    (a_kept, b_kept): (bool, bool),
    roles: [bool; 3],
    (alpha, beta): (f64, f64),
) -> Vec<f64> {
    let role = |weight| if weight { Role::Weight } else { Role::Activation };
    let orientation = |kept| if kept { Keep } else { Transpose };
    let given = |rows, columns, kept, weight, factor: usize| {
        let shape = Shape::new(rows, columns).oriented(orientation(kept));
        let values: Vec<f64> =
            (0..shape.len()).map(|index| ((index * factor) % 17) as f64 - 8.0).collect();
        X::from_values(device, shape, role(weight), &values).expect("memory for a test")
    };
    let a = given(rows, inner, a_kept, roles[0], 7);
    let b = given(inner, columns, b_kept, roles[1], 5);
    let mut result = given(rows, columns, true, roles[2], 3);
    result.matmul(alpha, &a, orientation(a_kept), &b, orientation(b_kept), beta);
    result.to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Small whole numbers: every sum is exact, so the products must be equal.
    #[test]
    fn matmul_equals_the_reference(
        size in (1_usize..70, 1_usize..70, 1_usize..70),
        kept in any::<(bool, bool)>(),
        roles in any::<[bool; 3]>(),
        scales in prop::sample::select(vec![(1.0, 0.0), (1.0, 1.0), (-2.0, 0.5), (0.5, -1.0)]),
        threads in 1_usize..4,
    ) {
        let device = CpuDevice::oversubscribed(threads).unwrap();
        let expected = product::<ReferenceTensor<f64>>(&(), size, kept, roles, scales);
        prop_assert_eq!(product::<CpuTensor<f64>>(&device, size, kept, roles, scales), expected);
    }
}

#[test]
fn absurd_numbers_of_threads_are_refused() {
    for threads in [0, 1025, usize::MAX] {
        let error = CpuDevice::new(threads).unwrap_err().to_string();
        assert!(error.contains("1 to 1024"), "{error}");
    }
}

#[test]
fn absurd_sizes_are_refused() {
    let device = CpuDevice::new(1).unwrap();
    for shape in
        [Shape::new(usize::MAX, 2), Shape::new(1 << 31, 1 << 31), Shape::new(1 << 24, 1 << 24)]
    {
        for role in [Role::Activation, Role::Weight] {
            let error = CpuTensor::<f32>::zeros(&device, shape, role).err();
            assert!(error.is_some_and(|error| error.to_string().contains("no memory")), "{shape}");
        }
    }
}
