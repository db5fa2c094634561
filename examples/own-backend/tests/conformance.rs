//! The one line that checks a backend.

#[test]
fn it_is_a_backend() {
    nn_tensor::conformance::run::<own_backend::CountingTensor>(&Default::default());
}
