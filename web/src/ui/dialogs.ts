import './device_check';
import './invite';
import './shortcuts';
